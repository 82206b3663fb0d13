module rayguard.dev/benches/gator

go 1.25.0

tool github.com/open-policy-agent/gatekeeper/v3/cmd/gator

require github.com/open-policy-agent/gatekeeper/v3 v3.23.1
