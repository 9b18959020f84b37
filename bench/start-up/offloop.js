import increment from '../tasks/offloaded/increment.js';

console.log(await increment(1));
