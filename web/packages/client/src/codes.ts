export * from './gen/knipperlicht/vocabulary/v1/codes_pb.js';
