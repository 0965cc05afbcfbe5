"""What a FuseDesk account holds, each record with the JSON that the API shows of it."""
