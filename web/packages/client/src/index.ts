export { createClient } from '@connectrpc/connect';
export type { CallOptions, Client, Transport } from '@connectrpc/connect';
export { timestampDate, timestampFromDate, timestampMs } from '@bufbuild/protobuf/wkt';
export type { Timestamp } from '@bufbuild/protobuf/wkt';
export { create, toBinary, fromBinary } from '@bufbuild/protobuf';
export { Problem, problemOf } from './problem.js';
export type { ProblemKind } from './problem.js';
export { connectTo, newTraceparent } from './transport.js';
export type { Connection } from './transport.js';
