import { ThreadWorker } from 'poolifier';

const { default: run } = await import(`../../tasks/${process.argv[2]}.js`);
export default new ThreadWorker(run);
