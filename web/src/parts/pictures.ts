/** The pictures of empty and failed places: chats (none yet), search (nothing found), beginning (of a chat), lost (404), locked (403), unplugged (no server). */
export type PictureName = 'chats' | 'search' | 'beginning' | 'lost' | 'locked' | 'unplugged';
