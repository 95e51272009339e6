/** Column types that convert exact values between PostgreSQL and the process. */
import { Type } from '@mikro-orm/core';
import { Decimal } from 'decimal.js';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';

/** An exact decimal: numeric in the database, Decimal in the process, text between them. */
export class DecimalColumn extends Type<Decimal | null, string | null> {
  override convertToDatabaseValue(value: Decimal | string | null): string | null {
    return value instanceof Decimal ? value.toFixed() : value;
  }

  override convertToJSValue(value: Decimal | string | null): Decimal | null {
    return typeof value === 'string' ? new Decimal(value) : value;
  }

  override compareAsType(): string {
    return 'string';
  }

  /** The type that assigned values are checked against; by default it would be the type that is compared. */
  override get runtimeType(): string {
    return 'Decimal';
  }

  override getColumnType(): string {
    return 'numeric(18, 6)';
  }
}

/** An instant to the microsecond: timestamptz in the database, Instant in the process. */
export class InstantColumn extends Type<Instant | null, string | null> {
  override convertToDatabaseValue(value: Instant | string | null): string | null {
    return typeof value === 'bigint' ? instantToText(value) : value;
  }

  override convertToJSValue(value: Instant | string | null): Instant | null {
    return typeof value === 'string' ? instantFromText(value) : value;
  }

  override compareAsType(): string {
    return 'string';
  }

  override get runtimeType(): string {
    return 'bigint';
  }

  override getColumnType(): string {
    return 'timestamptz';
  }
}
