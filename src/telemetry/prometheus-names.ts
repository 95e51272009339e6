/**
 * Names of metrics as Prometheus has them: with their unit at the end. The exporter leaves the unit out, and OTLP's names have
 * none; see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#metric-metadata-1
 */
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type CollectionResult, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';

const SUFFIXES: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes' };

export class UnitNamingExporter extends PrometheusExporter {
  override async collect(...options: Parameters<PrometheusExporter['collect']>): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await super.collect(...options);
    const scopeMetrics = resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.map(nameUnit),
    }));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  }
}

function nameUnit(metric: MetricData): MetricData {
  const { name, unit } = metric.descriptor;
  // A gauge of unit 1 is a ratio.
  const isRatio = unit === '1' && metric.dataPointType === DataPointType.GAUGE;
  const suffix = isRatio ? 'ratio' : SUFFIXES[unit];
  return suffix
    ? { ...metric, descriptor: { ...metric.descriptor, name: `${name}.${suffix}`, unit: suffix } }
    : metric;
}
