import { describe, expect, it } from 'vitest';
import { signalsFor, type Situation } from '../../src/shell/notifier';

const message = { chat: 'a', live: true };
const away: Situation = {
  notifications: true,
  sound: true,
  permission: 'granted',
  focused: false,
  open: 'a',
  atBottom: true,
  speaks: true,
};

describe('what a message sets off', () => {
  it('is a notification and a sound while one is elsewhere', () => {
    expect(signalsFor(message, away)).toEqual({ notification: true, sound: true });
  });

  it('is nothing for the chat that is being read', () => {
    expect(signalsFor(message, { ...away, focused: true })).toEqual({ notification: false, sound: false });
  });

  it('is only the sound while one looks at another chat, or at older messages of this one', () => {
    expect(signalsFor(message, { ...away, focused: true, open: 'b' })).toEqual({ notification: false, sound: true });
    expect(signalsFor(message, { ...away, focused: true, atBottom: false })).toEqual({
      notification: false,
      sound: true,
    });
  });

  it('is nothing for a replay after an interruption', () => {
    expect(signalsFor({ ...message, live: false }, away)).toEqual({ notification: false, sound: false });
  });

  it('is nothing in the tabs that leave it to another one', () => {
    expect(signalsFor(message, { ...away, speaks: false })).toEqual({ notification: false, sound: false });
  });

  it('is no notification without consent here or in the browser', () => {
    expect(signalsFor(message, { ...away, notifications: false }).notification).toBe(false);
    expect(signalsFor(message, { ...away, permission: 'denied' }).notification).toBe(false);
    expect(signalsFor(message, { ...away, sound: false }).sound).toBe(false);
  });
});
