import { offload } from 'offloop';

import endsOf from '../ends-of.js';

export default offload(import.meta, endsOf);
