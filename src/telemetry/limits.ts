/** The limits of telemetry/. How measurements are sent. */
export const TELEMETRY_LIMITS = {
  /** How often metrics are sent by OTLP. */
  telemetryIntervalMs: 15_000,
  /** How long sending the last measurements may take when the process ends; see drainMs. */
  telemetryFlushMs: 2_000,
};
