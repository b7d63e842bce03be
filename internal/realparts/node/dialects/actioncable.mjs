// Written for browsers: it listens for visibilitychange, which Node.js does not have.
import { adapters, ConnectionMonitor, Connection, createConsumer } from "@rails/actioncable";
import WebSocket from "ws";

export default function play(url, interval, say) {
  globalThis.addEventListener = globalThis.removeEventListener = () => {};
  adapters.WebSocket = WebSocket;
  ConnectionMonitor.staleThreshold = (2 * interval) / 1000; // as in Rails: two missed pings
  Connection.reopenDelay = 120_000;
  const consumer = createConsumer(url);
  const reopen = consumer.connection.reopen;
  consumer.connection.reopen = function () {
    say("gave-up", { reason: "stale" });
    return reopen.call(this);
  };
  const { open, message } = consumer.connection.events;
  consumer.connection.events = {
    ...consumer.connection.events,
    open() {
      say("connected");
      return open.call(this);
    },
    message(event) {
      if (JSON.parse(event.data).type === "ping") say("server-beat");
      return message.call(this, event);
    },
  };
  consumer.subscriptions.create("WeatherChannel", { connected: () => say("session") });
}
