// A stand-in for Apple's `StateReporting`, of which only the presence is asked for: it came with the SDK of OS 27.
