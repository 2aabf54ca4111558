import { pluralIn } from './plural';

const plural = pluralIn('en');

/** What only the settings say. */
export const settings = {
  title: 'Settings',
  sections: 'Sections of the settings',
  profile: 'Profile',
  sessions: 'Sessions',
  appearance: 'Appearance',
  notifications: 'Notifications',
  about: 'About',
  backToChats: 'Back to chats',
  backToSettings: 'Back to settings',
  saved: 'Saved.',

  // Profile
  picture: 'Picture',
  pictureHint: 'Cropped to a square. Everybody whom you share a chat with sees it.',
  pictureChoose: 'Choose picture…',
  pictureChange: 'Change picture…',
  pictureRemove: 'Remove',
  pictureUnreadable: 'This file is not a picture that the browser can read. Take a PNG, JPEG or WebP.',
  colour: 'Colour',
  colourHint: 'Behind your initials, and of your name in groups.',
  hues: ['Rose', 'Orange', 'Amber', 'Olive', 'Green', 'Teal', 'Sky', 'Blue', 'Violet', 'Pink'],
  nameHint: 'You log in with it too.',
  passwordTitle: 'Change password',
  passwordOld: 'Current password',
  passwordChange: 'Change password',
  passwordChanged: 'Password changed. Your other sessions were signed out.',
  passwordOldWrong: 'This is not your current password.',

  // Sessions
  sessionsText: 'Where you are signed in. Sign out what you do not know, and change your password.',
  thisSession: 'This one',
  lastUsed: (when: string) => `Last used ${when}`,
  signedIn: (when: string) => `Signed in ${when}`,
  signOut: 'Sign out',
  signOutOf: (device: string) => `Sign out ${device}`,
  signOutOthers: 'Sign out all others',
  signedOutOthers: (count: number) => plural(count, { one: '# session signed out.', other: '# sessions signed out.' }),
  device: (browser: string, system: string) => `${browser} on ${system}`,
  unknownDevice: 'Unknown device',

  // Own connections, below the sessions
  connectionsTitle: 'Open connections',
  connectionsText: 'What of yours is connected to this server now.',
  connectionsNone: 'None at the moment.',
  thisPage: 'This page',
  connectedSince: (when: string) => `Since ${when}`,

  // Appearance
  sample: 'Sample of the list of chats',
  sampleFirst: 'The build is green again.',
  sampleSecond: 'Lunch at half past twelve?',
  theme: 'Theme',
  themes: { system: 'System', light: 'Light', dark: 'Dark' },
  density: 'Density',
  densities: { comfortable: 'Comfortable', compact: 'Compact' },
  language: 'Language',
  languageOfBrowser: (name: string) => `As the browser says (${name})`,
  notKept: 'This browser keeps nothing for this page, so what you choose lasts for this visit only.',

  // Notifications and writing
  desktop: 'Desktop notifications',
  desktopHint: 'For direct messages and mentions, while this page is not in front.',
  desktopDenied:
    'The browser blocks notifications of this page. Allow them in the settings of the page, beside its address.',
  desktopMissing: 'This browser shows notifications only over https.',
  sound: 'Sound',
  soundHint: 'Two short tones with each notification.',
  writing: 'Writing',
  enterSends: 'Enter sends',
  enterSendsHint: 'Shift+Enter makes a line. Switched off it is the other way round.',
  singleKeys: 'Shortcuts of one letter',
  singleKeysHint: 'Such as R to reply, while no field has the focus.',
  sendTyping: 'Show others when I type',
  sendTypingHint: 'Switched off nobody sees it; you still see theirs.',

  // About
  server: 'Server',
  version: 'Version',
  node: 'Node',
  protocol: 'Protocol',
  address: 'Address',
  licence: 'Licence',
  secure: 'Encrypted',
  secureYes: 'Yes, by https',
  secureNo: 'No: plain http',
  everythingHere: 'Nothing is missing here: notifications, offline start and installing all work.',
  missingTitle: 'Missing in this browser, at this address',
  apiDocs: 'Reference of the API',
  connectionPanel: 'What support asks for is in the connection panel.',
};
