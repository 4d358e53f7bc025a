export * from './gen/knipperlicht/assessment/v1/assessment_pb.js';
