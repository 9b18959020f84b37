import { offload } from 'offloop';

import compute from '../compute.js';

export default offload(import.meta, compute);
