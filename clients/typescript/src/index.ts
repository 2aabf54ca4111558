export const PROTOCOL = "tenfour.v1";
