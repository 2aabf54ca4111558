// A chat room as Socket.IO's own tutorial builds it: join a room, emit to the room, answer the acknowledgement.
// Nothing is stored, one process. Differences from the tutorial: WebSocket only (no long polling), no page is served.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const server = createServer();
const io = new Server(server, { transports: ["websocket"] });

io.on("connection", (socket) => {
  let room;

  socket.on("join", (name, cb) => {
    room = name;
    socket.join(room);
    cb();
  });

  socket.on("send", (text, cb) => {
    io.to(room).emit("message", text);
    cb();
  });
});

server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  console.log(`listening on ${server.address().port}`);
});
