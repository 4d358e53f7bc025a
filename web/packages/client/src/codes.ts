export * from './gen/codes.js';
