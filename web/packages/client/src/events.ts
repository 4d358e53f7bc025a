export * from './gen/knipperlicht/events/v1/events_pb.js';
