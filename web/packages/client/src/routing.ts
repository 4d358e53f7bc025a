export * from './gen/knipperlicht/routing/v1/routing_pb.js';
