"""What a service needs in order to run; no words of the domain."""
