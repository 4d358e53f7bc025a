export * from './gen/knipperlicht/intake/v1/intake_pb.js';
