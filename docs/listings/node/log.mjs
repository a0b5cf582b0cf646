import { subscribe } from 'node:diagnostics_channel';

subscribe('leasehold:log', ({ level, message }) => console.log(level, message));
