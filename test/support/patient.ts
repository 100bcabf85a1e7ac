/** Settings of a gateway on a busy machine: it waits where production would refuse work with 503. */
export const patient = {
  EVENT_LOOP_DELAY_MAX_MS: '0',
  DATABASE_QUEUE_TIMEOUT_MS: '10000',
  DATABASE_CONNECT_TIMEOUT_MS: '10000',
}
