import { offload } from 'offloop';

import total from '../total.js';

export default offload(import.meta, total);
