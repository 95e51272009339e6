/** What every part of the builder looks at: the account's event types and fields, and what is wrong where. */
import type { JsonObject } from '@bufbuild/protobuf';
import { createContext, useContext } from 'react';
import type { AccountField, EventType } from '../../../../src/gen/automation/v1/trigger_service_pb.ts';
import type { Names } from '../../words/names.ts';

export interface BuilderContext {
  readonly eventTypes: readonly EventType[];
  readonly accountFields: readonly AccountField[];
  /** The type of the trigger's event; undefined: none is chosen. */
  readonly eventType: EventType | undefined;
  /** The steps of the draft. */
  readonly actions: readonly JsonObject[];
  readonly names: Names;
  /** Descriptions by the path of the field. */
  readonly violations: ReadonlyMap<string, readonly string[]>;
}

const Context = createContext<BuilderContext | undefined>(undefined);

export const BuilderProvider = Context.Provider;

export function useBuilder(): BuilderContext {
  const context = useContext(Context);
  if (!context) {
    throw new TypeError('a part of the builder stands outside it');
  }
  return context;
}
