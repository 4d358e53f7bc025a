export { create } from '@bufbuild/protobuf';
export { timestampFromDate } from '@bufbuild/protobuf/wkt';
export { createClient } from '@connectrpc/connect';
export { problemOf } from './problem-of.js';
export { connectTo } from './transport.js';
