import { offload } from 'offloop';

import increment from '../increment.js';

export default offload(import.meta, increment);
