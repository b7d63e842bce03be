package fakeserver

// Address returns URL, for package assertions/resilience, which starts clients
// against a server or a proxy alike.
func (s *Server) Address() string { return s.URL }
