package timeline

// Clients returns how many client programs were started (KindStarted) and how many
// of them have ended (KindExit), of all that was recorded.
func (t *Timeline) Clients() (started, exited int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.started, t.exited
}

// ClientsLeft reports whether client programs were started and all of them have
// exited: nobody is left who could still do what is waited for. It is false where
// no client program was started, since who connects is then not known. It is about
// the whole timeline, whatever part of it the view shows.
func (v *View) ClientsLeft() bool {
	started, exited := v.t.Clients()
	return started > 0 && exited >= started
}

// countClient counts a client's start or exit. The mutex is held.
func (t *Timeline) countClient(k Kind) {
	switch k {
	case KindStarted:
		t.started++
	case KindExit:
		t.exited++
	}
}

// exit says how a client program ended.
func (e Event) exit() string {
	s := "client program exited"
	if client := e.Field("client"); client != "" {
		s += ": " + oneLine(client)
	}
	switch code, signal := e.Field("code"), e.Field("signal"); {
	case signal != "":
		s += ", " + oneLine(signal)
	case code != "":
		s += ", code " + oneLine(code)
	}
	return s + e.by() + e.others("client", "code", "signal")
}
