import { offload } from 'offloop';

import sum from '../sum.js';

export default offload(import.meta, sum);
