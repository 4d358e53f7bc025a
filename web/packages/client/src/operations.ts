export * from './gen/knipperlicht/operations/v1/operations_pb.js';
