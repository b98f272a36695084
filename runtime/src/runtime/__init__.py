"""What every Handrail service needs to run; nothing about IEPs."""
