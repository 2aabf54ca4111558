import type { Texts } from './index.svelte';
import { pluralIn } from './plural';

const plural = pluralIn('de');

export const de: Texts = {
  common: {
    appName: 'Tenfour',
    save: 'Speichern',
    cancel: 'Abbrechen',
    close: 'Schließen',
    back: 'Zurück',
    retry: 'Noch einmal versuchen',
    delete: 'Löschen',
    copy: 'Kopieren',
    copied: 'Kopiert',
    loading: 'Wird geladen …',
    more: 'Mehr',
    dismiss: 'Ausblenden',
    you: 'Du',
    openMenu: 'Menü öffnen',
    unread: (count: number) => plural(count, { one: '# ungelesene Nachricht', other: '# ungelesene Nachrichten' }),
    mentioned: 'du wurdest erwähnt',
    charactersLeft: (count: number) => plural(count, { one: 'Noch # Zeichen', other: 'Noch # Zeichen' }),
    charactersOver: (count: number) => plural(count, { one: '# Zeichen zu viel', other: '# Zeichen zu viel' }),
  },

  time: {
    today: 'Heute',
    yesterday: 'Gestern',
  },

  presence: {
    online: 'Online',
    away: 'Abwesend',
    offline: 'Offline',
  },

  // Einrichten, Anmelden, Registrieren
  auth: {
    name: 'Name',
    password: 'Passwort',
    newPassword: 'Neues Passwort',
    showPassword: 'Passwort anzeigen',
    hidePassword: 'Passwort verbergen',
    passwordHint: 'Mindestens 8 Zeichen. Drei oder vier beliebige Wörter sind leicht zu merken und schwer zu erraten.',
    nameHint: 'So finden und sehen dich andere: Buchstaben, Ziffern, Punkte, Binde- und Unterstriche.',
    nameMissing: 'Gib deinen Namen ein.',
    nameShape: 'Nimm 1 bis 64 Buchstaben, Ziffern, Punkte, Binde- oder Unterstriche.',
    passwordMissing: 'Gib dein Passwort ein.',
    passwordTooShort: 'Nimm mindestens 8 Zeichen.',
    logIn: 'Anmelden',
    logInTitle: 'Willkommen zurück',
    logInText: 'Melde dich an und mach weiter, wo du aufgehört hast.',
    logOut: 'Abmelden',
    noAccount: 'Noch kein Konto?',
    register: 'Konto anlegen',
    registerTitle: 'Leg dein Konto an',
    registerText: 'Ein Name und ein Passwort genügen.',
    registerInvitedText: 'Du bist eingeladen. Ein Name und ein Passwort genügen.',
    haveAccount: 'Schon ein Konto?',
    inviteNeededTitle: 'Nur mit Einladung',
    inviteNeededText:
      'Dieser Server nimmt neue Leute auf Einladung auf. Bitte jemanden aus der Verwaltung um einen Link.',
    closedTitle: 'Registrieren ist nicht möglich',
    closedText: 'Neue Konten legt auf diesem Server die Verwaltung an.',
    setupTitle: 'Richte deinen Server ein',
    setupText: 'Leg das erste Konto an. Es verwaltet diesen Server.',
    setUp: 'Verwaltungskonto anlegen',
    setupDoneTitle: 'Dieser Server ist schon eingerichtet',
    setupDoneText: 'Der einmalige Link ist verbraucht. Melde dich mit deinem Konto an.',
    setupLinkMissingTitle: 'Der Link ist nicht vollständig',
    setupLinkMissingText:
      'Öffne den ganzen Link, den der Server beim letzten Start ausgegeben hat, mit allem nach dem #.',
    setupNeededTitle: 'Gleich geschafft',
    setupNeededText:
      'Dieser Server hat noch keine Verwaltung. Öffne den einmaligen Link, den er beim Start ausgegeben hat.',
    goToLogIn: 'Zur Anmeldung',
    unreachable: 'Der Server antwortet nicht.',
    unreachableAdvice: 'Prüf deine Verbindung; der Knopf versucht es noch einmal.',
    waitSeconds: (count: number) =>
      plural(count, { one: 'Versuch es in # Sekunde wieder.', other: 'Versuch es in # Sekunden wieder.' }),
    waitMinutes: (count: number) =>
      plural(count, { one: 'Versuch es in # Minute wieder.', other: 'Versuch es in # Minuten wieder.' }),
  },

  settings: {
    title: 'Einstellungen',
    profile: 'Profil',
    sessions: 'Sitzungen',
    appearance: 'Aussehen',
    notifications: 'Benachrichtigungen',
    about: 'Info',
    backToChats: 'Zurück zu den Chats',
  },

  // Eine Seite, die es nicht gibt, die nicht offen ist oder nicht zu haben ist
  errors: {
    missingTitle: 'Hier ist nichts',
    missingText: 'Vielleicht ist die Adresse vertippt, oder das Ziel gibt es nicht mehr.',
    forbiddenTitle: 'Das ist nicht für dich offen',
    forbiddenText: 'Du bist kein Mitglied dieses Chats. Bitte jemanden darin, dich aufzunehmen.',
    unreachableTitle: 'Der Server antwortet nicht',
    unreachableText: 'Vielleicht startet er neu, oder dein Netz ist weg. Was du geschrieben hast, bleibt erhalten.',
    internalTitle: 'Etwas ist schiefgegangen',
    toChats: 'Zurück zu den Chats',
  },

  // Die Liste der Chats und was man mit einem Chat tut
  chats: {
    title: 'Chats',
  },

  // Mitglieder eines Chats
  members: {
    title: 'Mitglieder',
  },

  // Eine Unterhaltung: Zeilen, Eingabe, Haken, Tippen
  conversation: {
    newMessages: 'Neue Nachrichten',
  },

  // Leiste und Fenster der Verbindung
  connection: {
    connecting: 'Verbinden …',
  },

  // Benachrichtigungen auf dem Schreibtisch
  notifying: {
    newMessage: 'Neue Nachricht',
  },

  // Übersicht der Tastenkürzel
  shortcuts: {
    title: 'Tastenkürzel',
  },

  // Installieren, Aktualisieren, Start ohne Netz
  app: {
    update: 'Eine neue Version ist bereit',
  },
};
