import type { WaitOptions } from '../harness/timing.ts';
import type { CaptureSettings } from './capture-options.ts';
import { DamageLog } from './damage-log.ts';
import { FenceMarkers } from './fence-markers.ts';
import { PcapFile } from './pcap-file.ts';
import type { Capture } from './tcpdump.ts';
import { TcpdumpCapture } from './tcpdump-capture.ts';
import { spawnTcpdump, tcpdumpFlags } from './tcpdump-process.ts';

/** @throws as `startCapture()`. */
export async function openTcpdumpCapture(settings: CaptureSettings, wait: WaitOptions): Promise<Capture> {
  wait.signal?.throwIfAborted();
  const damageLog = new DamageLog();
  const file = settings.file === undefined ? undefined : await openFile(settings.file, damageLog);
  let markers: FenceMarkers | undefined;
  try {
    markers = await FenceMarkers.open(settings.fenceAddress);
    const tcpdump = spawnTcpdump([...tcpdumpFlags(settings), captureFilter(settings.filter, markers)]);
    const isFenced = ['lo', 'any'].includes(settings.interface);
    const capture = new TcpdumpCapture({ tcpdump, markers, damageLog, file, isFenced });
    await capture.listening(settings, wait);
    return capture;
  } catch (error) {
    markers?.close();
    await file?.close();
    throw error;
  }
}

async function openFile(path: string, damageLog: DamageLog): Promise<PcapFile> {
  return await PcapFile.open(path, (reason) => {
    damageLog.report('file-incomplete', `${path} ends early: ${reason}`);
  });
}

/** The marker's part stands first: `vlan` in a filter moves the offsets of everything behind it. */
function captureFilter(filter: string, markers: FenceMarkers): string {
  return filter.trim() === '' ? '' : `(${markers.filter}) or (${filter})`;
}
