// The server's opening packet says how often it beats and how long the client waits.
import { Socket } from "engine.io-client";

export default function play(url, interval, say) {
  const socket = new Socket(url, { transports: ["websocket"] });
  socket.on("handshake", () => say("connected"));
  socket.on("open", () => say("session", { sid: socket.id }));
  socket.on("ping", () => say("server-beat"));
  socket.on("close", (reason) => say("gave-up", { reason }));
}
