export * from './gen/knipperlicht/notification/v1/notification_pb.js';
