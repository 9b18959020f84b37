import { offload } from 'offloop';

import incrementInContext from '../increment-in-context.js';
import '../stores.js';

export default offload(import.meta, incrementInContext);
