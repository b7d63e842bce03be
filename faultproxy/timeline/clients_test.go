package timeline_test

import (
	"bytes"
	"testing"

	"github.com/heartbreak-ws/heartbreak/faultproxy/timeline"
)

func TestClientsHaveLeftWhenEveryOneStartedHasExited(t *testing.T) {
	tl := timeline.New()
	begins := tl.Since(timeline.KindExit)
	for _, step := range []struct {
		kind            timeline.Kind
		left            bool
		started, exited int
	}{
		{timeline.KindOpened, false, 0, 0},
		{timeline.KindStarted, false, 1, 0},
		{timeline.KindReport, false, 1, 0},
		{timeline.KindExit, true, 1, 1},
		{timeline.KindStarted, false, 2, 1},
		{timeline.KindStarted, false, 3, 1},
		{timeline.KindExit, false, 3, 2},
		{timeline.KindExit, true, 3, 3},
	} {
		tl.Append(timeline.Record{At: tl.Now(), Kind: step.kind, Fields: []timeline.Field{{Name: "client", Value: "a"}}})
		started, exited := tl.Clients()
		if started != step.started || exited != step.exited {
			t.Errorf("after event %d, %v: %d started, %d exited; want %d, %d", tl.Last(), step.kind, started, exited, step.started, step.exited)
		}
		for name, v := range map[string]*timeline.View{"the timeline": tl.View(), "a connection": tl.Conn(1), "a view since the first exit": begins} {
			if got := v.ClientsLeft(); got != step.left {
				t.Errorf("after event %d, %v: %s says that the clients have left: %v", tl.Last(), step.kind, name, got)
			}
		}
	}
}

func TestARecordingKnowsThatItsClientsHaveLeft(t *testing.T) {
	tl := timeline.New()
	tl.Append(timeline.Record{Kind: timeline.KindStarted, Fields: []timeline.Field{{Name: "client", Value: "a"}}})
	tl.Append(timeline.Record{Kind: timeline.KindExit, Fields: []timeline.Field{{Name: "client", Value: "a"}, {Name: "code", Value: "0"}}})
	var b bytes.Buffer
	if err := tl.WriteJSONL(&b); err != nil {
		t.Fatal(err)
	}
	loaded, err := timeline.ReadJSONL(&b)
	if err != nil || !loaded.View().ClientsLeft() {
		t.Errorf("left: %v, %v", loaded.View().ClientsLeft(), err)
	}
}
