import { Socket } from "phoenix";
import WebSocket from "ws";

export default function play(url, interval, say) {
  const socket = new Socket(url, {
    transport: WebSocket,
    heartbeatIntervalMs: interval,
    reconnectAfterMs: () => 120_000,
    logger: (kind, message) => {
      if (message.startsWith("phoenix heartbeat")) say("beat");
      if (/^ok phoenix phx_reply/.test(message)) say("answer");
      if (message.startsWith("heartbeat timeout")) say("gave-up", { reason: message });
    },
  });
  socket.onOpen(() => say("connected"));
  socket.connect();
  socket.channel("room:lobby").join().receive("ok", () => say("session"));
}
