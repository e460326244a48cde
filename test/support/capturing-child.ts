/** A process that captures until it is ended: node capturing-child.js FILTER. Says `ready` over IPC. */
import { startCapture } from '../../captures/tcpdump.ts';

await startCapture({ filter: process.argv[2] ?? 'tcp' });
process.send?.('ready');
// To end without a word to the capture.
process.on('message', () => process.exit(0));
