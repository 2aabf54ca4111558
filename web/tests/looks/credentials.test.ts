import { describe, expect, test } from 'vitest';
import { faults, nameFault, newPasswordFault } from '../../src/screens/credentials';

describe('before the server is asked', () => {
  test.each(['ada', 'ada.lovelace', 'Jörg_2', 'Анна', '李'])('%s passes as a name', (name) => {
    expect(nameFault(name)).toBeUndefined();
  });

  test.each(['', '   ', 'ada lovelace', 'ada@home', 'a'.repeat(65)])('%j does not', (name) => {
    expect(nameFault(name)).toBeDefined();
  });

  test('a password is judged by the least that this server takes', () => {
    expect(newPasswordFault('1234567')).toBeDefined();
    expect(newPasswordFault('12345678')).toBeUndefined();
    expect(newPasswordFault('12345678', { name_chars: 64, password_chars_min: 12 })).toBeDefined();
  });

  test('what is right is no fault', () => {
    expect(faults({ name: undefined, password: 'Too short.' })).toEqual({ password: 'Too short.' });
  });
});
