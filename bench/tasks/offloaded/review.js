import { offload } from 'offloop';

import review from '../review.js';

export default offload(import.meta, review);
