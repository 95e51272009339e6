/** Metrics of the standby: how far it is behind, and which server answered the reads that tolerate lag. */
import type { Meter } from '@opentelemetry/api';
import type { Standby } from '../store/standby.ts';

export function observeStandby(meter: Meter, standby: Pick<Standby, 'lagMs' | 'answered'>): void {
  meter
    .createObservableGauge('progression.standby.lag', {
      description: 'How far the standby is behind the primary; absent while it is not known',
      unit: 's',
    })
    .addCallback((result) => {
      const lagMs = standby.lagMs();
      if (lagMs !== undefined) {
        result.observe(lagMs / 1000);
      }
    });
  meter
    .createObservableCounter('progression.standby.reads', {
      description: 'Reads that tolerate lag, by the server that answered them',
      unit: '{read}',
    })
    .addCallback((result) => {
      for (const server of ['standby', 'primary'] as const) {
        result.observe(standby.answered[server], { server });
      }
    });
}
