/** Reads single variables of the environment. Each reader throws a ConfigError with the name and what is allowed. */
import { ConfigError } from '../errors/start-error.ts';

export function integer(
  environment: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  least: number,
  most: number,
) {
  const text = environment[name];
  if (!text) {
    return fallback;
  }
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new ConfigError(`${name} must be a whole number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}

export function oneOf(
  environment: NodeJS.ProcessEnv,
  name: string,
  fallback: string,
  allowed: readonly string[],
) {
  const value = environment[name] || fallback;
  if (!allowed.includes(value)) {
    throw new ConfigError(`${name} must be one of ${allowed.join(', ')}, not "${value}"`);
  }
  return value;
}

export function onOrOff(environment: NodeJS.ProcessEnv, name: string, fallback: 'on' | 'off'): boolean {
  return oneOf(environment, name, fallback, ['on', 'off']) === 'on';
}

/** Without a trailing slash. */
export function httpUrl(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = environment[name];
  if (!text) {
    return undefined;
  }
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new ConfigError(`${name} must be an address such as http://collector:4318`);
  }
  return text.replace(/\/+$/, '');
}

export function share(environment: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = environment[name];
  const value = text ? Number(text) : fallback;
  if (!(value >= 0 && value <= 1)) {
    throw new ConfigError(`${name} must be a number from 0 to 1, not "${text}"`);
  }
  return value;
}
