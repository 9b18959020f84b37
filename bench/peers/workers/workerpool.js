import workerpool from 'workerpool';

const { default: run } = await import(`../../tasks/${process.argv[2]}.js`);
workerpool.worker({ run });
