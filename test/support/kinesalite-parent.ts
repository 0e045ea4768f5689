/** A process that starts an embedded Kinesis, says where it is, and does nothing more until it is killed. */
import { startEmbeddedKinesis } from '../../scripts/embedded-kinesis.ts';

process.on('message', () => {});
startEmbeddedKinesis().then(({ endpoint }) => process.send?.(endpoint));
