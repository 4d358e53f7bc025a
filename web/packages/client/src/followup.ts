export * from './gen/knipperlicht/followup/v1/followup_pb.js';
