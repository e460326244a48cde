/**
 * finwait: how TCP connections of Node.js programs really opened and closed.
 * {@link openLab} makes a network, {@link Lab.pair} a watched connection in it, {@link correlate} joins what the
 * three lanes saw, {@link judge} holds it against an expectation, {@link renderLadder} draws it.
 */
export { FinwaitError, type FinwaitErrorCode, type FinwaitErrorOptions, isFinwaitError } from './errors.ts';
export type { WaitOptions } from './timing.ts';
export {
  openSampler,
  type SampledSnapshot,
  type SampleOptions,
  type SocketFilter,
  type SocketSampler,
  snapshot,
} from './kernel/sampler.ts';
export type { SsIssue } from './kernel/ss-parser.ts';
export { type WatchOptions, watchSnapshots, watchSockets } from './kernel/watch.ts';

export { TCP_STATES, type TcpEvent, type TcpState } from './model/tcp-state.ts';
export { type Endpoint, formatEndpoint } from './model/endpoint.ts';
export { Flag, type FlagName, flagsText, type Segment, type TcpOptions } from './model/segment.ts';
export type {
  ClockReading,
  CountedSegments,
  Hold,
  JsReport,
  Lane,
  SocketSample,
  SocketSnapshot,
  StateTransition,
} from './model/observation.ts';
export type {
  CallerKind,
  CallFields,
  CallSite,
  CodePosition,
  EndsFields,
  Layer,
  LayerFields,
  NodeEvent,
  NodeEventBase,
  NodeEventName,
  NodeEvents,
  ServerEventBase,
  SocketEventBase,
} from './model/node-event.ts';
export { callSiteText } from './model/call-site-text.ts';
export { decodeRecord, mergeEvents, readRunDirectory, type ThreadRecord } from './node/record-reader.ts';
export type { RecordHeader } from './node/record-format.ts';
export { OriginalPositions } from './node/source-maps.ts';
export type { Damage, EvidenceQuality, NetworkSetting } from './model/evidence.ts';
export type { RunEvidence } from './model/run-evidence.ts';
export type {
  Connection,
  ConnectionSummary,
  Ending,
  ObservedState,
  PlacedJsReport,
  Side,
  TableTransition,
  Timeline,
  TrackedSegment,
} from './model/connection.ts';
export type {
  ClaimFinding,
  ClaimOutcome,
  ClaimReport,
  ClaimResult,
  Mismatch,
  Verdict,
  VerdictStatus,
} from './model/verdict.ts';

export type { Behaviour, BehaviourModule, TcpTarget } from './peer/behaviour.ts';
export type {
  ClientOptions,
  ServerCommand,
  ServerOptions,
  SocketCommand,
  SocketVerb,
} from './peer/protocol.ts';

export { Lab } from './lab/lab.ts';
export { type LabOptions, openLab } from './lab/open-lab.ts';
export type { Gate } from './lab/gate.ts';
export type { DrivenSocket } from './lab/driven-socket.ts';
export { Pair } from './lab/pair.ts';
export type { FaultName, PairFault, PairHold, PairLoss } from './lab/pair-faults.ts';
export type { Loss } from './lab/seeded-loss.ts';
export { LabServer, type ServerChoice } from './lab/lab-server.ts';
export type { ClientChoice, DiallingServer, PairOptions } from './lab/pair-options.ts';
export type { Condition, SegmentPattern } from './lab/condition.ts';
export type { Program } from './lab/program.ts';
export type {
  FaultRule,
  GateFilter,
  HostCount,
  NetworkKind,
  PeerName,
  ProgramOptions,
} from './lab/protocol.ts';
export { type Capability, examineMachine, type MachineReport } from './lab/examine-machine.ts';

export { type Capture, startCapture } from '../captures/tcpdump.ts';
export type { CaptureOptions } from '../captures/capture-options.ts';
export type { CaptureStats } from '../captures/capture-stats.ts';
export type { CapturedPacket } from '../captures/packet-feed.ts';
export type { DecodeIssue } from './wire/decode-issue.ts';
export type { PacketStream } from '../captures/packet-queue.ts';

export { correlate, type CorrelateOptions } from './correlate/correlate.ts';
export { type StateChange, stateChanges } from './correlate/state-changes.ts';

export { describeExpectation } from './expect/describe-expectation.ts';
export {
  type Expectation,
  halfClose,
  handshake,
  nothingLeftOpen,
  orderlyClose,
  refused,
  reset,
  type ResetCause,
  states,
} from './expect/expectation.ts';
export {
  abandoned,
  connectionCount,
  dataAfterFin,
  type FlowExpectation,
  type ProbeKind,
  probes,
  simultaneousClose,
  simultaneousOpen,
  unanswered,
  zeroWindow,
} from './expect/flow-expectations.ts';
export { emitted, leftIn, neverEmitted, type ProgramExpectation } from './expect/program-expectations.ts';
export {
  elapsed,
  inOrder,
  nothingAfter,
  retransmitted,
  type SegmentExpectation,
  segments,
} from './expect/segment-expectations.ts';
export {
  type CountedSegment,
  type ExpectedItem,
  type ExpectedSegment,
  type ExpectedSegments,
  type Range,
  renderSegments,
} from './expect/segments/expected-segments.ts';
export { parseSegments } from './expect/segments/parse-segments.ts';
export { SegmentsSyntaxError } from './expect/segments/segments-syntax-error.ts';
export {
  type AnalyzeOptions,
  analyzeCapture,
  type CaptureAnalysis,
} from './analyze/analyze-capture.ts';
export type { AnalysisTotals, AnomalyTotal, Spread } from './model/analysis-totals.ts';
export type { Anomaly } from './model/anomaly.ts';
export { type CaptureSource, openCaptureSource } from './analyze/capture-source.ts';
export { type Field, FIELDS, type FieldValue, findField } from './analyze/fields.ts';
export type { KnownFacts, RowTest } from './analyze/row-test.ts';
export { parseWhere } from './analyze/where.ts';
export type { ConnectionRow, Opening, PerSide, RowEnding } from './model/connection-row.ts';
export type { ZeekLogRow } from './model/zeek-log-row.ts';
export type { CaptureDamage } from './wire/capture-damage.ts';

export { type ProgramRun, runProgram, type RunProgramOptions } from './run/run-program.ts';
export { captureOfRun, type ReadRunOptions, readRun } from './run/read-run.ts';
export { readRunConnection, type RunConnectionInFull } from './run/read-connection.ts';
export { type ProgramEnd, runToEnd } from './run/program-process.ts';
export { isInPrivateNetwork, privateCommand } from './run/private-network.ts';
export { type RunReportOptions, renderRunReport } from './report/terminal/run-report.ts';
export type { LaneCoverage, RunGroup, RunReport, RunState } from './model/run-report.ts';
export type {
  ControlSegment,
  Doer,
  Happening,
  LaneMismatch,
  MismatchKind,
  RunConnection,
  RunEnding,
  SeenState,
  TracedTransition,
  SegmentTie,
} from './model/run-connection.ts';
export type { LiveEvent } from './model/live-event.ts';
export type { Packet } from './model/packet.ts';
export type { ConnectAttempt, ListenLife, Silence, SocketLife, ThreadEnd } from './model/socket-life.ts';

export { judge } from './expect/judge.ts';
export { assertMet, ExpectationError } from './assert/assert-met.ts';
export { examineClaims } from './expect/claims.ts';

export { CATALOGUE, findScenario } from './scenario/catalogue.ts';
export { type ClaimsOptions, runClaims } from './scenario/claims/run-claims.ts';
export { type CatalogueOptions, runCatalogue } from './scenario/run-catalogue.ts';
export { type RunOptions, runScenario, type ScenarioRun, worst } from './scenario/run-scenario.ts';
export {
  type Chapter,
  CHAPTERS,
  type Mutant,
  needsPrivateNetwork,
  type OnConnection,
  type Scenario,
  type ScenarioExpectation,
  type Setting,
  type Step,
} from './scenario/scenario.ts';
export type {
  Actor,
  NetworkCommand,
  OutsideCommand,
  PeerCommand,
  SegmentChoice,
  StepCommand,
  StepVerb,
} from './scenario/commands.ts';
export type { Check, CheckedRun, Finding } from './scenario/check.ts';
export { cover, isCovered } from './scenario/coverage/cover.ts';
export type {
  Arrow,
  Coverage,
  CoveredArrow,
  CoveredState,
  Proof,
  SilentEvent,
  UnreachableArrow,
} from './model/coverage.ts';
export { type SocketWait, Stage, type StageOptions } from './scenario/stage.ts';
export type { Compression, Sysctls, TimeCompression } from './lab/compression.ts';

export { renderJson } from './report/json.ts';
export { type LadderOptions, renderLadder } from './report/terminal/ladder.ts';
export type { TextOptions } from './report/terminal/theme.ts';
export { renderClaimReports } from './report/terminal/claim-reports.ts';
export { renderClaims, renderMismatch, renderVerdicts } from './report/terminal/verdicts.ts';
