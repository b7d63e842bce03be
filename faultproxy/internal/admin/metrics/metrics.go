// Package metrics shows what the proxies of a fleet count to Prometheus. The series of
// a proxy end with it.
package metrics

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/heartbreak-ws/heartbreak/faultproxy/internal/fleet"
)

// Handler answers scrapes: the fleet's series, those of Go and of the process.
func Handler(f *fleet.Fleet, version string) http.Handler {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "faultproxy_build_info", Help: "1; the label says which build runs.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	registry.MustRegister(New(f), build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// collector reads the fleet when it is scraped.
type collector struct{ fleet *fleet.Fleet }

// New returns the fleet's series.
func New(f *fleet.Fleet) prometheus.Collector { return collector{f} }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("faultproxy_"+name, help, append([]string{"proxy"}, labels...), nil)
}

var (
	enabled     = desc("proxy_enabled", "1 if the proxy accepts connections.")
	connections = desc("connections", "Connections by how far they have come.", "state")
	accepted    = desc("accepted_total", "TCP connections that were accepted.")
	mute        = desc("mute_total", "TCP connections that ended without a request.")
	handshakes  = desc("handshakes_total", "Answers to upgrades by HTTP status; none: the connection ended without one.", "status")
	frames      = desc("frames_total", "Frames that arrived, by where they went.", "direction", "opcode")
	bytes       = desc("payload_bytes_total", "Payloads of the frames that arrived, by where they went.", "direction", "opcode")
	fired       = desc("rules_fired_total", "How often a rule, or a caller, acted. Beyond 200 rules: other.", "rule")
	closes      = desc("closes_total", "Connections that are over and were open, by the code that the client was told and by cause.", "code", "cause")
	lateness    = desc("fault_timing_error_seconds", "By how much the faults of rules on elapsed came later than planned.")
	held        = desc("added_latency_seconds", "How long frames were held between arriving and leaving; 0 for those that passed at once.", "direction")
	lost        = desc("events_lost_total", "Events that happened faster than they could be counted.")
)

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{enabled, connections, accepted, mute, handshakes, frames, bytes, fired, closes, lateness, held, lost} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	for _, p := range c.fleet.All() {
		one{p.Name(), to}.collect(p)
	}
}

// one is a proxy that is scraped.
type one struct {
	name string
	to   chan<- prometheus.Metric
}

func (o one) put(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
	o.to <- prometheus.MustNewConstMetric(d, kind, v, append([]string{o.name}, labels...)...)
}

func (o one) count(d *prometheus.Desc, n int, labels ...string) {
	o.put(d, prometheus.CounterValue, float64(n), labels...)
}

func (o one) histogram(d *prometheus.Desc, h fleet.Histogram, labels ...string) {
	buckets := map[float64]uint64{}
	for i, bound := range fleet.Bounds {
		buckets[bound] = 0
		if h.Counts != nil {
			buckets[bound] = h.Counts[i]
		}
	}
	o.to <- prometheus.MustNewConstHistogram(d, h.Count, h.Sum, buckets, append([]string{o.name}, labels...)...)
}

func (o one) collect(p *fleet.Proxy) {
	on := 0.0
	if p.Enabled() {
		on = 1
	}
	o.put(enabled, prometheus.GaugeValue, on)
	states := map[fleet.State]int{fleet.Connecting: 0, fleet.Open: 0}
	for _, conn := range p.Tracker().Conns() {
		if _, live := states[conn.State]; live {
			states[conn.State]++
		}
	}
	for state, n := range states {
		o.put(connections, prometheus.GaugeValue, float64(n), string(state))
	}
	t := p.Tracker().Totals()
	o.count(accepted, t.Accepted)
	o.count(mute, t.Mute)
	o.count(lost, t.Lost)
	for status, n := range t.Handshakes {
		o.count(handshakes, n, status)
	}
	for key, n := range t.Frames {
		o.count(frames, n.Frames, key.Dir.String(), key.Op.String())
		o.count(bytes, n.Bytes, key.Dir.String(), key.Op.String())
	}
	for rule, n := range t.Fired {
		o.count(fired, n, rule)
	}
	for key, n := range t.Closes {
		o.count(closes, n, strconv.Itoa(int(key.Code)), string(key.Cause))
	}
	o.histogram(lateness, t.Late)
	for dir, h := range t.Held {
		o.histogram(held, *h, dir.String())
	}
}
