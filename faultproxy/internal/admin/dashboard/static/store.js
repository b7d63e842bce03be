// What is known of a proxy: its events as they come, and its connections.

import * as api from "./api.js";
import {Lane} from "./lane.js";

// How many events are kept; of more, the oldest go.
const KEPT = 60000;

const AGAIN = 2000; // ms until the stream is asked for again, where the browser does not

export class Store {
  constructor(name, last, tell) {
    this.name = name;
    this.tell = tell; // of what changed: "events", "conns", "lost", "found", "gone"
    this.lanes = new Map(); // events by connection
    this.count = 0;
    this.dropped = 0; // events that are no longer kept here
    this.missed = 0; // that the proxy had forgotten before they could be sent
    this.conns = [];
    this.proxy = null;
    this.clock = {proxy: 0, local: performance.now()};
    this.stale = true;
    this.seen = Math.max(0, last - KEPT); // the number of the newest event that was taken
    this.connect();
    this.timer = setInterval(() => this.refresh(), 1000);
    this.refresh();
  }

  // connect follows the events behind the newest one. A browser that loses the stream
  // asks for it again by itself, with Last-Event-ID, unless it was refused.
  connect() {
    clearTimeout(this.again);
    if (this.source) this.source.close();
    const source = this.source = api.events(this.name, this.seen);
    source.onmessage = (m) => this.take(JSON.parse(m.data));
    source.onopen = () => { this.stale = true; this.tell("found"); };
    source.onerror = () => {
      this.stale = true;
      this.tell("lost");
      if (source.readyState === EventSource.CLOSED) this.again = setTimeout(() => this.connect(), AGAIN);
    };
  }

  // sleep lets go of the stream while nobody looks: a browser has few for each server.
  sleep(on) {
    if (on) {
      clearTimeout(this.again);
      this.source.close();
      return;
    }
    this.connect();
    this.hurry();
  }

  close() {
    this.sleep(true);
    clearInterval(this.timer);
    this.closed = true;
  }

  // now is the proxy's time, in seconds since its timeline began.
  now() {
    return this.clock.proxy + (performance.now() - this.clock.local) / 1000;
  }

  setNow(seconds) {
    this.clock = {proxy: seconds, local: performance.now()};
  }

  take(e) {
    if (e.event === "lost") {
      this.missed += e.count || 0;
      return;
    }
    if (e.seq <= this.seen) return;
    this.seen = e.seq;
    if (e.t > this.now()) this.setNow(e.t);
    const conn = e.conn || 0;
    let lane = this.lanes.get(conn);
    if (!lane) this.lanes.set(conn, lane = new Lane());
    lane.add(e);
    this.stale = true;
    if (++this.count > KEPT) this.drop();
    this.tell("events");
  }

  // drop forgets the older half of the events of each connection.
  drop() {
    for (const [conn, lane] of this.lanes) {
      const n = lane.forget();
      this.count -= n;
      this.dropped += n;
      if (lane.events.length === 0) this.lanes.delete(conn);
    }
  }

  // hurry asks how things are without waiting for the next second.
  hurry() {
    this.stale = true;
    this.refresh();
  }

  async refresh() {
    if (!this.stale || this.asking || document.hidden) return;
    this.asking = true;
    this.stale = false;
    const seen = this.seen;
    try {
      const [proxy, conns] = await Promise.all([api.proxy(this.name), api.connections(this.name)]);
      if (this.closed) return;
      if (proxy.last_event < seen) { // it is another run of the program
        this.tell("gone");
        return;
      }
      this.setNow(conns.now);
      this.conns = conns.connections;
      this.proxy = proxy;
      this.tell("conns");
    } catch (err) {
      this.stale = true;
      if (err.status === 404) this.tell("gone");
    } finally {
      this.asking = false;
    }
  }
}
