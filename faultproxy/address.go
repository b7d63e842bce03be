package faultproxy

// Address returns URL, for package assertions/resilience, which starts clients
// against a proxy or a server alike.
func (p *Proxy) Address() string { return p.URL }
