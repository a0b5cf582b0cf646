// The same code as for `require`, so that a process never has two.
export * from './index.js';
